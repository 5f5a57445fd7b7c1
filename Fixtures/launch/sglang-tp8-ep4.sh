#!/bin/sh
exec python -m sglang.launch_server --model-path some/moe --tp-size=8 --ep 4 --enable-dp-attention --dp 8
