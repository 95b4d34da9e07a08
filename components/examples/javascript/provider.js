// A provider in JavaScript. Secrets are handles here as everywhere: this code says where one goes, and the host puts it there.

import { reserve } from "jeton:provider/callback@0.1.0";
import { send } from "jeton:provider/http@0.1.0";

const text = (name, value) => ({ name, value: { tag: "text", val: value } });
const secret = (name, value) => ({ name, value: { tag: "secret", val: value } });

// What is thrown with a payload is the contract's error.
function failure(kind, description, code) {
  return Object.assign(new Error(description), { payload: { kind, code, description, retryAfter: undefined } });
}

const KINDS = {
  invalid_grant: "invalid-grant",
  invalid_client: "invalid-client",
  unauthorized_client: "invalid-client",
  access_denied: "access-denied",
  redirect_uri_mismatch: "redirect-mismatch",
  invalid_scope: "insufficient-scope",
  temporarily_unavailable: "temporarily-unavailable",
};

function ask(request) {
  try {
    return send({ path: undefined, query: [], headers: [], body: { tag: "none" }, ...request });
  } catch (error) {
    const { tag, val } = error.payload ?? {};
    throw failure(tag === "denied" ? "other" : "temporarily-unavailable", val ?? tag ?? String(error));
  }
}

function checked(answer) {
  if (answer.status() < 300) return answer;
  const code = answer.text("/error");
  const said = answer.text("/error_description") ?? `the service answered with status ${answer.status()}`;
  throw failure(KINDS[code] ?? "other", said, code);
}

// Asks the authorization server, as this client.
function post(client, endpoint, fields) {
  const own = [text("client_id", client.id()), secret("client_secret", client.secret("client-secret"))];
  return checked(ask({ method: "post", endpoint, body: { tag: "form", val: [...own, ...fields] } }));
}

function tokens(answer) {
  const seconds = Number(answer.text("/expires_in"));
  return {
    access: answer.secret("/access_token"),
    refresh: answer.secret("/refresh_token"),
    idToken: undefined,
    expiresIn: seconds > 0 ? BigInt(Math.floor(seconds)) : undefined,
    refreshExpiresIn: undefined,
    scope: answer.text("/scope"),
    extras: [],
  };
}

const bearer = (access) => ({ name: "authorization", value: { tag: "credential", val: { scheme: "Bearer", secret: access } } });

export const provider = {
  begin(client, grant) {
    if (grant.kind !== "authorization-code") throw failure("unsupported", grant.kind);
    const { redirectUri, state } = reserve();
    const query = [["response_type", "code"], ["client_id", client.id()], ["redirect_uri", redirectUri], ["state", state]];
    if (grant.scopes.length > 0) query.push(["scope", grant.scopes.join(" ")]);
    return { tag: "visit", val: { endpoint: "authorize", query } };
  },

  resume(client, grant, event) {
    if (event.tag !== "returned") throw failure("unsupported", grant.kind);
    const { code, redirectUri, answer } = event.val;
    if (code === undefined) {
      const said = Object.fromEntries(answer);
      throw failure(KINDS[said.error] ?? "other", said.error_description ?? "there is no code", said.error);
    }
    const fields = [text("grant_type", "authorization_code"), secret("code", code), text("redirect_uri", redirectUri)];
    return { tag: "done", val: tokens(post(client, "token", fields)) };
  },

  refresh(client, { refresh }) {
    if (refresh === undefined) throw failure("invalid-grant", "there is no refresh token");
    return tokens(post(client, "token", [text("grant_type", "refresh_token"), secret("refresh_token", refresh)]));
  },

  revoke(client, { access, refresh }) {
    post(client, "revoke", [secret("token", refresh ?? access)]);
  },

  identify(_client, { access }) {
    const answer = ask({ method: "get", endpoint: "api", path: "users/me", headers: [bearer(access)] });
    if (answer.status() === 401) throw failure("invalid-token", "the access token isn't accepted");
    checked(answer);
    return { id: answer.text("/id"), login: answer.text("/login"), name: answer.text("/name"), extras: [] };
  },

  authenticate(_client, _tokens, options) {
    if (options.length > 0) throw failure("unsupported", options[0][0]);
    return [{ name: "Authorization", value: { tag: "access-token", val: "Bearer" } }];
  },

  judge(answer) {
    const status = answer.status();
    if (status < 400) return { tag: "ok" };
    if (status === 401) return { tag: "expired" };
    if (status === 429) return { tag: "rate-limited", val: undefined };
    return { tag: "other" };
  },
};
