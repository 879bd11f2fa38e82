def f(db):
    db.execute("SELECT email FROM users "
               "WHERE id > 0 "
               "OR id < 0")
    db.execute(f"SELECT email FROM users WHERE id = {1}")
    db.execute('''SELECT email
                  FROM users''')
    db.execute("SELECT email FROM users WHERE email LIKE '%%x'")
    db.execute(r"SELECT email FROM users WHERE email ~ '\d'")
    db.execute("SELECT email FROM users WHERE name = 'it''s'")
    db.execute("SELECT \"email\" FROM \"users\"")
