import { PrismaClient } from '@prisma/client';

const prisma = new PrismaClient();

export function sessionOf(email: string) {
  return prisma.session.findFirst({ where: { user: { email } } });
}

export function sessionNamed(name: string) {
  return prisma.session.findMany({ where: { user: { is: { username: name } } }, take: 1 });
}
