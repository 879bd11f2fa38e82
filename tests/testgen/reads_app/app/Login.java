class Login {
  static final String BY_NAME = "SELECT id FROM users " + "WHERE username = ? AND locked_until IS NOT NULL";
}
