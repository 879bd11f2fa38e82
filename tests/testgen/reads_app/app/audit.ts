import type { Pool } from 'pg';

// contraflow: include-deleted
export const whoever = (pool: Pool, email: string) => pool.query('SELECT id FROM users WHERE email = $1', [email]);
