import type { PrismaClient } from './generated/prisma/client';

export class TeamRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async withMembers(id: number) {
    return this.prisma.team.findUnique({ where: { id }, include: { users: true } });
  }

  async ordersWithBuyers() {
    return this.prisma.order.findMany({ include: { user: true } });
  }

  async teamsAndEmails() {
    return this.prisma.$queryRaw<{ team: string; email: string | null }[]>`
      SELECT t.name AS team, u.email
      FROM teams t
      LEFT JOIN users u ON u.team_id = t.id
      ORDER BY t.name, u.email`;
  }
}
