import { PrismaClient } from './generated/prisma/client';

export class UserRepository {
  constructor(private readonly prisma: PrismaClient) {}

  findById(id: number) {
    return this.prisma.user.findUnique({ where: { id } });
  }

  login(email: string) {
    return this.prisma.user.findFirst({
      where: { OR: [{ email }, { name: email }] },
    });
  }

  list() {
    return this.prisma.user.findMany({ orderBy: { id: 'asc' } });
  }

  all() {
    return this.prisma.user.findMany();
  }

  count() { return this.prisma.user.count(); }

  teams() {
    return this.prisma.team.findMany({ include: { users: true } });
  }

  teamsSelected() {
    return this.prisma.team.findMany({ select: { name: true, users: { select: { email: true } }, _count: { select: { users: true } } } });
  }

  ordersWithUser() {
    return this.prisma.order.findMany({ include: { user: { select: { email: true } } } });
  }

  ordersOf(email: string) {
    return this.prisma.order.findMany({ where: { user: { email } } });
  }

  teamsWith(email: string) {
    return this.prisma.team.findMany({ where: { users: { some: { email } } } });
  }

  teamsNone() {
    return this.prisma.team.findMany({ where: { users: { none: {} } } });
  }

  teamsEvery(email: string) {
    return this.prisma.team.findMany({ where: { users: { every: { email } } } });
  }

  ordersNested(email: string) {
    return this.prisma.order.findMany({ where: { OR: [{ user: { is: { email } } }, { user: { team: { users: { some: { name: 'a' } } } } }] } });
  }

  teamsCounted() {
    return this.prisma.team.findMany({ include: { _count: true } });
  }

  remove(id: number) {
    return this.prisma.user.delete({ where: { id } });
  }

  removeAll(teamId: number) {
    return this.prisma.$transaction([this.prisma.user.deleteMany({ where: { teamId } }), this.prisma.team.delete({ where: { id: teamId } })]);
  }

  async tx(id: number) {
    return this.prisma.$transaction(async (tx) => {
      const user = await tx.user.findUniqueOrThrow({ where: { id } });
      await tx.user.update({ where: { id }, data: { name: 'x' } });
      await tx.user.updateMany({ data: { name: 'y' } });
      return user;
    });
  }

  upsert(email: string) {
    return this.prisma.user.upsert({ where: { email }, create: { email }, update: { name: 'z' } });
  }

  disconnect(teamId: number) {
    return this.prisma.team.update({ where: { id: teamId }, data: { users: { deleteMany: {}, create: { email: 'n' } } } });
  }

  // eslint-disable-next-line
  dynamic(args: any) {
    return this.prisma.user.findMany(args);
  }

  spread(where: object) {
    return this.prisma.user.findMany({ where: { ...where, name: 'a' } });
  }

  group() {
    return this.prisma.user.groupBy({ by: ['teamId'], _count: true });
  }

  aggregate() {
    return this.prisma.user.aggregate({ _max: { id: true } });
  }

  raw() {
    return this.prisma.$queryRaw`SELECT id, email FROM users WHERE email = ${'x'} OR name = ${'y'}`;
  }
}
