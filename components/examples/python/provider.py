"""A provider in Python. Secrets are handles here as everywhere: this code says where one goes, and the host puts it there."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.provider import (
    Account, Error, ErrorKind, Event_Returned, GrantKind, Header, HeaderValue_AccessToken, Step_Done, Step_Visit, Tokens,
    Verdict_Expired, Verdict_Ok, Verdict_Other, Verdict_RateLimited, Visit,
)
from wit_world.imports import callback, http

KINDS = {
    "invalid_grant": ErrorKind.INVALID_GRANT,
    "invalid_client": ErrorKind.INVALID_CLIENT,
    "unauthorized_client": ErrorKind.INVALID_CLIENT,
    "access_denied": ErrorKind.ACCESS_DENIED,
    "redirect_uri_mismatch": ErrorKind.REDIRECT_MISMATCH,
    "invalid_scope": ErrorKind.INSUFFICIENT_SCOPE,
    "temporarily_unavailable": ErrorKind.TEMPORARILY_UNAVAILABLE,
}


def text(name, value):
    return http.Field(name, http.Value_Text(value))


def secret(name, value):
    return http.Field(name, http.Value_Secret(value))


def failure(kind, description, code=None):
    return Err(Error(kind, code, description, None))


def ask(method, endpoint, path=None, headers=(), fields=None):
    body = http.Body_None_() if fields is None else http.Body_Form(fields)
    try:
        return http.send(http.Request(method, endpoint, path, [], list(headers), body))
    except Err as error:
        kind = ErrorKind.OTHER if isinstance(error.value, http.Error_Denied) else ErrorKind.TEMPORARILY_UNAVAILABLE
        raise failure(kind, str(getattr(error.value, "value", error.value)))


def checked(answer):
    status, code = answer.status(), answer.text("/error")
    if status < 300:
        return answer
    said = answer.text("/error_description") or f"the service answered with status {status}"
    raise failure(KINDS.get(code, ErrorKind.OTHER), said, code)


def post(client, endpoint, *fields):
    """Asks the authorization server, as this client."""
    own = [text("client_id", client.id()), secret("client_secret", client.secret("client-secret"))]
    return checked(ask(http.Method.POST, endpoint, fields=[*own, *fields]))


def tokens(answer):
    seconds = answer.text("/expires_in")
    return Tokens(
        access=answer.secret("/access_token"),
        refresh=answer.secret("/refresh_token"),
        id_token=None,
        expires_in=int(float(seconds)) if seconds else None,
        refresh_expires_in=None,
        scope=answer.text("/scope"),
        extras=[],
    )


class Provider(exports.Provider):
    def begin(self, client, grant):
        if grant.kind != GrantKind.AUTHORIZATION_CODE:
            raise failure(ErrorKind.UNSUPPORTED, grant.kind.name)
        flow = callback.reserve()
        query = [("response_type", "code"), ("client_id", client.id()), ("redirect_uri", flow.redirect_uri), ("state", flow.state)]
        if grant.scopes:
            query.append(("scope", " ".join(grant.scopes)))
        return Step_Visit(Visit("authorize", query))

    def resume(self, client, grant, event):
        if not isinstance(event, Event_Returned):
            raise failure(ErrorKind.UNSUPPORTED, grant.kind.name)
        back = event.value
        if back.code is None:
            said = dict(back.answer)
            code = said.get("error")
            raise failure(KINDS.get(code, ErrorKind.OTHER), said.get("error_description", "there is no code"), code)
        fields = [text("grant_type", "authorization_code"), secret("code", back.code), text("redirect_uri", back.redirect_uri)]
        return Step_Done(tokens(post(client, "token", *fields)))

    def refresh(self, client, current):
        if current.refresh is None:
            raise failure(ErrorKind.INVALID_GRANT, "there is no refresh token")
        return tokens(post(client, "token", text("grant_type", "refresh_token"), secret("refresh_token", current.refresh)))

    def revoke(self, client, current):
        post(client, "revoke", secret("token", current.refresh or current.access))

    def identify(self, client, current):
        bearer = http.Field("authorization", http.Value_Credential(http.Credential("Bearer", current.access)))
        answer = ask(http.Method.GET, "api", "users/me", [bearer])
        if answer.status() == 401:
            raise failure(ErrorKind.INVALID_TOKEN, "the access token isn't accepted")
        checked(answer)
        return Account(answer.text("/id"), answer.text("/login"), answer.text("/name"), [])

    def authenticate(self, client, current, options):
        if options:
            raise failure(ErrorKind.UNSUPPORTED, options[0][0])
        return [Header("Authorization", HeaderValue_AccessToken("Bearer"))]

    def judge(self, answer):
        status = answer.status()
        if status < 400:
            return Verdict_Ok()
        if status == 401:
            return Verdict_Expired()
        return Verdict_RateLimited(None) if status == 429 else Verdict_Other()
