import { PrismaClient } from '../generated/prisma/client';
export const everybody = (prisma: PrismaClient) => prisma.user.findMany({ orderBy: { id: 'asc' } });
export const raw = (prisma: PrismaClient) => prisma.$queryRaw`SELECT email FROM users`;
