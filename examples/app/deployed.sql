-- What Prisma Migrate made of prisma/schema.prisma, with some rows.
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "email" VARCHAR(320) NOT NULL,
    "password_hash" TEXT NOT NULL,
    "name" TEXT,
    "team_id" INTEGER,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "teams" ("id" SERIAL NOT NULL, "name" TEXT NOT NULL, CONSTRAINT "teams_pkey" PRIMARY KEY ("id"));
CREATE TABLE "orders" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "total" DECIMAL(10,2) NOT NULL,
    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");
CREATE INDEX "users_team_id_idx" ON "users"("team_id");
CREATE INDEX "orders_user_id_idx" ON "orders"("user_id");
ALTER TABLE "users" ADD CONSTRAINT "users_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "teams"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "orders" ADD CONSTRAINT "orders_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

INSERT INTO teams (name) VALUES ('north'), ('south');
INSERT INTO users (email, password_hash, team_id) VALUES ('ann@example.com', 'a', 1), ('bob@example.com', 'b', 1), ('eve@example.com', 'e', 2);
INSERT INTO orders (user_id, total) VALUES (1, 10), (1, 5.50), (2, 99);
