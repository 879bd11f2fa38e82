declare const db: { query(sql: string, p?: unknown[]): Promise<any> };
// plain
export const s1 = () => db.query('SELECT email FROM users');
export const s2 = () => db.query('SELECT email FROM users WHERE id > 0 OR name IS NULL');
export const s3 = () => db.query("SELECT u.email FROM users u WHERE (u.id > 0 OR u.name = 'x') AND u.email <> ''");
export const s4 = () => db.query('SELECT u.email, o.total FROM orders o JOIN users u ON u.id = o.user_id');
export const s5 = () => db.query('SELECT o.id, u.email FROM orders o LEFT JOIN users AS u ON u.id = o.user_id ORDER BY o.id');
export const s6 = () => db.query('SELECT o.id, u.email FROM users u RIGHT JOIN orders o ON u.id = o.user_id OR u.id = o.giver_id');
export const s7 = () => db.query('SELECT t.name, u.email FROM teams t FULL JOIN users u ON u.team_id = t.id');
export const s8 = () => db.query('SELECT o.id, u.email FROM orders o LEFT JOIN users u USING (id)');
export const s9 = () => db.query('SELECT t.name, u.email FROM teams t, users u WHERE u.team_id = t.id');
export const s10 = () => db.query('SELECT t.name, u.email FROM teams t CROSS JOIN users u');
export const s11 = () => db.query('SELECT t.name FROM teams t NATURAL JOIN users u');
export const s12 = () => db.query('SELECT a.email, b.email AS boss FROM users a LEFT JOIN users b ON b.id = a.boss');
export const s13 = () => db.query('SELECT id FROM orders WHERE user_id IN (SELECT id FROM users WHERE email LIKE \'%\')');
export const s14 = () => db.query('SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = o.user_id)');
export const s15 = () => db.query('SELECT o.id, (SELECT u.email FROM users u WHERE u.id = o.user_id) AS email FROM orders o');
export const s16 = () => db.query('WITH live AS (SELECT id, email FROM users) SELECT email FROM live UNION SELECT email FROM users WHERE id = 1');
export const s17 = () => db.query('WITH RECURSIVE tree AS (SELECT id, email FROM users WHERE boss IS NULL UNION ALL SELECT u.id, u.email FROM users u JOIN tree ON u.boss = tree.id) SELECT email FROM tree');
export const s18 = () => db.query('SELECT count(*) AS n, team_id FROM users GROUP BY team_id HAVING count(*) > 0 ORDER BY 2 LIMIT 10');
export const s19 = () => db.query('SELECT email FROM users UNION ALL SELECT name FROM teams EXCEPT SELECT email FROM users WHERE id = 99');
export const s20 = () => db.query('SELECT email FROM users FOR UPDATE');
export const s21 = () => db.query('SELECT * FROM users');
export const s22 = () => db.query('SELECT u.*, o.total FROM users u JOIN orders o ON o.user_id = u.id');
export const s23 = () => db.query('SELECT DISTINCT ON (boss) email FROM users ORDER BY boss, id');
export const s24 = () => db.query('SELECT x.email FROM (SELECT email FROM users) AS x');
export const s25 = () => db.query('SELECT o.id, l.email FROM orders o LEFT JOIN LATERAL (SELECT email FROM users u WHERE u.id = o.user_id LIMIT 1) l ON true');
export const s26 = () => db.query('TABLE users');
export const s27 = () => db.query('SELECT public.users.email FROM public.users');
export const s28 = () => db.query('SELECT "users"."email" FROM "users" WHERE "users"."id" = ANY($1)', [[1, 2, 3]]);
export const s29 = () => db.query('SELECT o.id FROM orders o WHERE o.user_id NOT IN (SELECT id FROM users)');
export const s30 = () => db.query('SELECT o.id FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE u.id IS NULL');
export const s31 = () => db.query('SELECT (SELECT max(email) FROM users), id FROM teams -- all teams');
export const s32 = () => db.query('SELECT email FROM users -- everybody\n');
export const s33 = () => db.query('SELECT email FROM users; SELECT 1');
export const s34 = () => db.query('SELECT o.id, u.email, b.email FROM orders o LEFT JOIN (users u LEFT JOIN users b ON b.id = u.boss) ON u.id = o.user_id');
export const s35 = () => db.query('SELECT email FROM users WHERE NOT id = 5 AND name IS NULL OR id < 4 ORDER BY id OFFSET 0');
export const s36 = () => db.query("SELECT json_agg(u) FROM users u");
export const s37 = () => db.query("SELECT email FROM users WHERE deleted_at IS NOT NULL");
export const s38 = () => db.query("SELECT email FROM ONLY users TABLESAMPLE SYSTEM (100)");
export const s39 = () => db.query(`
  SELECT
    u.email,   -- who
    o.total
  FROM
    users u
    /* their orders */
    LEFT OUTER JOIN orders o
      ON o.user_id = u.id
  WHERE
    u.team_id = 1
    OR u.team_id IS NULL
  ORDER BY
    u.email
`);
export const u1 = () => db.query("UPDATE users SET name = 'n'");
export const u2 = () => db.query("UPDATE users u SET name = t.name FROM teams t WHERE t.id = u.team_id OR u.team_id IS NULL");
export const u3 = () => db.query("UPDATE orders o SET total = 0 FROM users u WHERE u.id = o.user_id");
export const u4 = () => db.query("UPDATE orders SET total = (SELECT count(*) FROM users)");
export const d1 = () => db.query('DELETE FROM users WHERE id = 1');
export const d2 = () => db.query('DELETE FROM users');
export const d3 = () => db.query('DELETE FROM orders o USING users u WHERE u.id = o.user_id');
export const d4 = () => db.query('DELETE FROM users u USING teams t WHERE t.id = u.team_id RETURNING u.id');
export const d5 = () => db.query('WITH gone AS (DELETE FROM users WHERE id = 3 RETURNING *) INSERT INTO archive SELECT * FROM gone');
export const d7 = () => db.query('DELETE FROM users WHERE id = 3 RETURNING *');
export const u5 = () => db.query("UPDATE users SET name = 'r' FROM teams WHERE teams.id = users.team_id RETURNING users.*, teams.name");
export const c1 = () => db.query("COPY users TO '/dev/null'");
export const d6 = () => db.query('TRUNCATE users CASCADE');
export const i1 = () => db.query("INSERT INTO archive SELECT * FROM users");
export const i2 = () => db.query("INSERT INTO users (id, email) VALUES (50, 'x') ON CONFLICT (email) DO UPDATE SET name = 'y'");
export const i3 = () => db.query("INSERT INTO users (id, email) VALUES (51, 'y') ON CONFLICT DO NOTHING");
export const i4 = () => db.query("INSERT INTO orders (id, user_id, total) SELECT 900 + id, id, 0 FROM users");
export const m1 = () => db.query("MERGE INTO users u USING teams t ON u.team_id = t.id WHEN MATCHED THEN UPDATE SET name = t.name");
export const p1 = (id: number, x: string) => db.query('SELECT email FROM users WHERE id = ' + id + (x ? ' AND name = $1' : ''));
export const p2 = (t: string) => db.query(`SELECT email FROM ${t}`);
export const p3 = (c: string) => db.query(`SELECT email FROM users WHERE ${c}`);
export const p4 = (c: string) => db.query(`SELECT email FROM users ${c}`);
export const p5 = (o: string) => db.query(`SELECT email FROM users ORDER BY ${o}`);
// contraflow: include-deleted
export const e1 = () => db.query('SELECT email FROM users');
