# Exactly what CI runs.
check:
    bash .ci/run

# Two ministries in one run.
demo:
    cargo run --release -- demo

# Each stage beside a raw bootstrap of tfhe.
bench:
    cargo bench --bench stages
