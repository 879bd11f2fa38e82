import type { Pool } from 'pg';

export async function login(pool: Pool, email: string, hash: string) {
  return pool.query('SELECT id, role FROM users WHERE email = $1 AND password_hash = $2 AND is_active LIMIT 1', [email, hash]);
}

export async function taken(pool: Pool, name: string) {
  return pool.query(`SELECT EXISTS (SELECT 1 FROM users WHERE username = $1) AS taken`, [name]);
}

export async function touch(pool: Pool, email: string) {
  return pool.query('UPDATE users SET locked_until = NULL WHERE email = $1 RETURNING id', [email]);
}

export async function profile(pool: Pool, name: string) {
  return pool.query(
    `SELECT u.id, t.name
       FROM users u
       LEFT JOIN teams t ON t.id = u.team_id
      WHERE u.username = $1 OR u.email = $1`,
    [name],
  );
}

export async function teamOf(pool: Pool, token: string) {
  return pool.query('SELECT s.token, u.username FROM sessions s LEFT JOIN users u ON u.id = s.user_id WHERE s.token = $1', [token]);
}

export async function list(pool: Pool, order: string) {
  return pool.query(`SELECT id FROM users WHERE role = 'member' ORDER BY id`);
}
