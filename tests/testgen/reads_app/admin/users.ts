import type { Pool } from 'pg';

export const everybody = (pool: Pool) => pool.query('SELECT id, email FROM users ORDER BY id LIMIT 50');
