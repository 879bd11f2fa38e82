// SPDX-License-Identifier: Apache-2.0
// Flyway through its library, as its command line calls it: java -cp JARS Migrate.java JDBC_URL FOLDER
import java.util.Map;
import org.flywaydb.core.Flyway;

public class Migrate {
  public static void main(String[] arguments) {
    Flyway.configure()
        .dataSource(arguments[0], "postgres", "x")
        .locations("filesystem:" + arguments[1])
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
        .load()
        .migrate();
  }
}
