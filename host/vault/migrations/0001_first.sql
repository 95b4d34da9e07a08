-- What the vault keeps. PostgreSQL takes the same text with BYTEA in place of BLOB.
--
-- A BLOB is sealed: see src/seal.rs. Nothing else in here is secret. Times are seconds since 1970, in UTC.

-- The data key that everything is sealed with, itself sealed with the master key whose fingerprint is master_id.
CREATE TABLE keys (
  id          TEXT   NOT NULL PRIMARY KEY,
  master_id   TEXT   NOT NULL,
  wrapped     BLOB   NOT NULL,
  created_at  BIGINT NOT NULL
);

CREATE TABLE clients (
  id            TEXT   NOT NULL PRIMARY KEY,
  name          TEXT   NOT NULL UNIQUE,
  provider      TEXT   NOT NULL,
  client_id     TEXT   NOT NULL,
  settings      TEXT   NOT NULL,   -- a JSON object of strings
  secret_names  TEXT   NOT NULL,   -- a JSON array: what is in secrets
  secrets       BLOB   NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL
);

CREATE TABLE connections (
  id                  TEXT   NOT NULL PRIMARY KEY,
  name                TEXT   NOT NULL UNIQUE,
  provider            TEXT   NOT NULL,
  client              TEXT   NOT NULL REFERENCES clients (name),

  grant_kind          TEXT   NOT NULL,
  scopes              TEXT   NOT NULL,   -- a JSON array: what was asked for
  subject             TEXT,
  options             BLOB   NOT NULL,

  scope               TEXT,              -- what was granted, in the service's words
  account_id          TEXT,
  account_login       TEXT,
  account_name        TEXT,

  extras              BLOB,              -- NULL, like both tokens, when it was revoked
  access_token        BLOB,
  refresh_token       BLOB,
  expires_at          BIGINT,            -- NULL: the access token doesn't expire
  refresh_expires_at  BIGINT,
  generation          BIGINT NOT NULL,   -- grows by one whenever the tokens change

  status              TEXT   NOT NULL CHECK (status IN ('active', 'retry', 'reauthorize', 'revoked')),
  status_reason       TEXT,
  status_at           BIGINT NOT NULL,
  retry_at            BIGINT,

  lease_owner         TEXT,              -- who refreshes it at the moment, and until when that may be believed
  lease_until         BIGINT,
  intent_generation   BIGINT,            -- a refresh that was begun and whose outcome isn't known
  intent_fingerprint  TEXT,
  intent_at           BIGINT,

  created_at          BIGINT NOT NULL,
  updated_at          BIGINT NOT NULL
);

CREATE INDEX connections_by_client ON connections (client);

-- Small values of the providers' own.
CREATE TABLE storage (
  provider    TEXT   NOT NULL,
  name        TEXT   NOT NULL,
  value       BLOB   NOT NULL,
  expires_at  BIGINT NOT NULL,
  PRIMARY KEY (provider, name)
);
