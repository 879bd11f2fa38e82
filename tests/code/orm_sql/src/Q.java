class Q {
  String a = "SELECT email FROM users WHERE id = ? OR id = 2";
  String b = """
      SELECT email
      FROM users
      """;
}
