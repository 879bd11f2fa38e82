def f(db)
  db.exec <<~SQL
    SELECT email
    FROM users
    WHERE id = 1
       OR id = 2
  SQL
  db.exec("SELECT email FROM users WHERE id = #{id}")
  db.exec('SELECT email FROM users')
end
