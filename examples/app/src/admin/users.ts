import type { PrismaClient } from '../generated/prisma/client';

/** Everybody, whatever became of them. */
export async function allUsers(prisma: PrismaClient) {
  return prisma.$queryRaw<{ id: number; email: string }[]>`SELECT id, email FROM users ORDER BY id`;
}
