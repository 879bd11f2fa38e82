def find(connection, id)
  connection.exec_params(<<~SQL, [id])
    SELECT username
    FROM users
    WHERE id = $1
  SQL
end
