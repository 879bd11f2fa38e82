import type { PrismaClient } from './generated/prisma/client';

export class UserRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async findByEmail(email: string) {
    return this.prisma.user.findUnique({ where: { email } });
  }

  async create(data: { email: string; passwordHash: string; name?: string }) {
    return this.prisma.user.create({ data });
  }

  async remove(id: number) {
    return this.prisma.user.delete({ where: { id } });
  }

  /** The ten who spent most. */
  async topSpenders() {
    return this.prisma.$queryRaw<{ email: string; spent: number }[]>`
      SELECT u.email, sum(o.total)::float8 AS spent
      FROM users u
      JOIN orders o ON o.user_id = u.id
      GROUP BY u.email
      ORDER BY spent DESC
      LIMIT 10`;
  }
}
