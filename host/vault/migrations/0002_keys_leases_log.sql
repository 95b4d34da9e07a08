-- Data keys that can be replaced while the store is in use, leases without a clock, and a log.

-- What rows are sealed with. Every row that is sealed names its key, so that none can be removed while it is needed.
CREATE TABLE data_keys (
  id          TEXT   NOT NULL PRIMARY KEY,
  created_at  BIGINT NOT NULL
);

-- A data key, sealed with the master key whose fingerprint is master_id. While a master key is replaced there are two of them.
CREATE TABLE wrapped_keys (
  data_key    TEXT   NOT NULL REFERENCES data_keys (id) ON DELETE CASCADE,
  master_id   TEXT   NOT NULL,
  wrapped     BLOB   NOT NULL,
  master_hint TEXT,              -- what makes the master key of a passphrase: algorithm, cost and salt
  master_number BIGINT NOT NULL DEFAULT 0, -- grows with every master key that replaces another
  PRIMARY KEY (data_key, master_id)
);

INSERT INTO data_keys (id, created_at) SELECT id, created_at FROM keys;
INSERT INTO wrapped_keys (data_key, master_id, wrapped) SELECT id, master_id, wrapped FROM keys;
DROP TABLE keys;

ALTER TABLE clients     ADD COLUMN data_key TEXT REFERENCES data_keys (id);
ALTER TABLE connections ADD COLUMN data_key TEXT REFERENCES data_keys (id);
ALTER TABLE storage     ADD COLUMN data_key TEXT REFERENCES data_keys (id);
UPDATE clients     SET data_key = (SELECT id FROM data_keys);
UPDATE connections SET data_key = (SELECT id FROM data_keys);
UPDATE storage     SET data_key = (SELECT id FROM data_keys);

-- A lease is held as long as its beat goes on. No clock is compared: they jump, and those of two machines differ.
ALTER TABLE connections DROP COLUMN lease_until;
ALTER TABLE connections ADD COLUMN lease_beat BIGINT NOT NULL DEFAULT 0;
-- Refreshes that failed in a row, in a way that passes.
ALTER TABLE connections ADD COLUMN failures   BIGINT NOT NULL DEFAULT 0;

-- What is due to be refreshed, provider by provider: tokens that expire, and tokens that nobody has replaced for long.
CREATE INDEX connections_by_expiry         ON connections (provider, status, expires_at);
CREATE INDEX connections_by_update         ON connections (provider, status, status_at);
CREATE INDEX clients_by_data_key           ON clients (data_key);
CREATE INDEX connections_by_data_key       ON connections (data_key);

-- What happened, for people. Rows are added and never changed.
CREATE TABLE log (
  id          TEXT   NOT NULL PRIMARY KEY,
  at          BIGINT NOT NULL,
  actor       TEXT   NOT NULL,   -- the user and process, or the server, that did it
  action      TEXT   NOT NULL,
  outcome     TEXT   NOT NULL,
  subject     TEXT,              -- the connection's or client's id: it stays the same when the name changes
  name        TEXT,
  provider    TEXT,
  detail      TEXT
);

CREATE INDEX log_by_subject ON log (subject, at);
CREATE INDEX log_by_name    ON log (name, at);
