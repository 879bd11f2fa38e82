# contraflow with PostgreSQL 15, for sandboxes:  docker build -t contraflow . && docker run --rm -v "$PWD:/project" contraflow check db/migrations
FROM debian:12 AS build
COPY . /src
WORKDIR /src
RUN tools/setup.sh build && apt-get install -y -qq --no-install-recommends dpkg-dev file make && make build && cd build/release && cpack -G DEB -B /out

FROM debian:12-slim
COPY --from=build /out/*.deb /tmp/
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/contraflow_*.deb postgresql-15 postgresql-client-15 git ca-certificates && rm -rf /var/lib/apt/lists/* /tmp/*.deb
RUN useradd --create-home contraflow
USER contraflow
WORKDIR /project
ENTRYPOINT ["contraflow"]
CMD ["--help"]
