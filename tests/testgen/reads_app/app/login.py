def by_mail(cursor, email):
    cursor.execute("SELECT id FROM users WHERE lower(email) = lower(%s) AND role = 'member' AND NOT is_active", (email,))
    return cursor.fetchone()


def failures(cursor, email):
    cursor.execute("SELECT count(*) FROM users WHERE email = %s", (email,))
    return cursor.fetchone()
