# The images of controller and speaker (docs/image.md):
#
#   docker buildx build --platform linux/amd64,linux/arm64 --target controller -t ghcr.io/metallb-ts/controller:0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 --target speaker -t ghcr.io/metallb-ts/speaker:0.1.0 .
#
# Everything is built on the machine's own architecture; only the compiler and the libraries are the target's. Nothing
# of this base is in the images but the libraries that dpkg lists. A release names it by digest: node:24-…@sha256:….
ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
ARG TARGETARCH
RUN set -eu; \
    native=$(dpkg --print-architecture); \
    if [ "$TARGETARCH" = "$native" ]; then compiler=gcc; else \
      case $TARGETARCH in \
        amd64) compiler=gcc-x86-64-linux-gnu ;; \
        arm64) compiler=gcc-aarch64-linux-gnu ;; \
        *) echo "no image for architecture '$TARGETARCH' (BuildKit and buildah set TARGETARCH): amd64 or arm64" >&2; exit 1 ;; \
      esac; \
      dpkg --add-architecture "$TARGETARCH"; \
    fi; \
    apt-get update; \
    apt-get install -y --no-install-recommends "$compiler" "libc6-dev:$TARGETARCH" "libstdc++6:$TARGETARCH"; \
    rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No scripts of packages: what is needed of them follows, with the target's compiler.
RUN npm ci --ignore-scripts
COPY LICENSE tsconfig.json ./
COPY scripts scripts
COPY src src
# Time of what is made here, in seconds; `git log -1 --format=%ct` is a good one.
ARG SOURCE_DATE_EPOCH=0
RUN set -eu; \
    case $TARGETARCH in amd64) gnu=x86_64-linux-gnu ;; arm64) gnu=aarch64-linux-gnu ;; esac; \
    CI=true CC=$gnu-gcc sh src/native/build.sh; \
    node scripts/build.ts; \
    node scripts/image-root.ts --arch "$TARGETARCH" --output /image

FROM scratch AS metallb
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="metallb-ts" \
      org.opencontainers.image.description="A load balancer for bare-metal Kubernetes" \
      org.opencontainers.image.source="https://github.com/metallb-ts/metallb-ts" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
ENV PATH=/usr/local/bin
# Kubernetes has probes of its own and ignores this one. The port is the default of --health-probe-port.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["/usr/local/bin/node", "-e", "require('http').get('http://127.0.0.1:17472/healthz', (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

# Node's flags: docs/adr/0018-what-a-process-loads.md.
FROM metallb AS controller
USER 65534:65534
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=2", "--heap-growing-percent=20", "/metallb/metallb.mjs", "controller"]

# Root, since Kubernetes can't give capabilities to other users; the manifests leave it NET_RAW and little else.
FROM metallb AS speaker
USER 0:0
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=2", "--heap-growing-percent=20", "/metallb/metallb.mjs", "speaker"]
