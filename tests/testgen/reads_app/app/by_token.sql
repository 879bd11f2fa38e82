-- A query of the reporting tool.
SELECT id, email FROM users WHERE id = (SELECT user_id FROM sessions WHERE token = $1);
