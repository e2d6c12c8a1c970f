# The server in two stages: built with the pinned toolchain, run as a user of
# its own on a system that has little else.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p initboard

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/initboard --create-home initboard
COPY --from=build /src/target/release/initboard /usr/local/bin/initboard
USER initboard
WORKDIR /var/lib/initboard
VOLUME /var/lib/initboard
ENV INITBOARD_DATABASE=/var/lib/initboard/initboard.db \
    INITBOARD_LISTEN=0.0.0.0:8424
EXPOSE 8424
ENTRYPOINT ["initboard"]
CMD ["serve"]
