-- What a provider says of an account besides its id, login and name: a drive's id. A JSON object of strings.
ALTER TABLE connections ADD COLUMN account_extras TEXT;
