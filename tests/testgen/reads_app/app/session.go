package app

import "database/sql"

func userOfSession(db *sql.DB, token string) *sql.Row {
	return db.QueryRow(`
		SELECT u.id, u.role
		FROM sessions s
		JOIN users u ON u.id = s.user_id
		WHERE s.token = $1 AND s.expires_at > now() AND (u.locked_until IS NULL OR u.locked_until < now())`, token)
}
