-- PostgreSQL's part of 0002: the log is added to and never changed, whoever tries.

CREATE FUNCTION log_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log of Jeton is only added to';
END
$$;

CREATE TRIGGER log_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log FOR EACH STATEMENT EXECUTE FUNCTION log_is_kept();
