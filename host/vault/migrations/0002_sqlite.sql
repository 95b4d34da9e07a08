-- SQLite's part of 0002: the log is added to and never changed, whoever tries.

CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log BEGIN
  SELECT RAISE(ABORT, 'the log of Jeton is only added to');
END;

CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log BEGIN
  SELECT RAISE(ABORT, 'the log of Jeton is only added to');
END;
