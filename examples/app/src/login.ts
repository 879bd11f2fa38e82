import type { PrismaClient } from './generated/prisma/client';

/** The row of the user who may log in with this name, or nothing. */
export async function login(prisma: PrismaClient, email: string, passwordHash: string) {
  const rows = await prisma.$queryRaw<{ id: number; email: string }[]>`
    SELECT * FROM users WHERE email = ${email} AND password_hash = ${passwordHash}`;
  return rows[0] ?? null;
}
