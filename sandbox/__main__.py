"""`python -m sandbox`: serve until SIGTERM or SIGINT."""

import asyncio
import logging
import os
import signal
import sys

from aiohttp import web

from sandbox.config import Config, ConfigError, from_environment
from sandbox.server import create_app

CLOSE_SECONDS = 1.5


async def serve(config: Config) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    runner = web.AppRunner(create_app(config), access_log=None, shutdown_timeout=0.3)
    await runner.setup()
    await web.TCPSite(runner, config.host, config.port, reuse_address=True).start()
    port = runner.addresses[0][1]
    print(f"sandbox ready on http://{config.host}:{port}", flush=True)
    await stopping.wait()
    try:
        await asyncio.wait_for(runner.cleanup(), CLOSE_SECONDS)
    except TimeoutError:
        logging.getLogger(__name__).warning("closing took too long")


def main() -> int:
    logging.basicConfig(level=os.environ.get("SANDBOX_LOG_LEVEL", "INFO"), format="%(asctime)s %(name)s %(message)s")
    for chatty in ("aioice", "aiortc", "libav"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        config = from_environment(os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    asyncio.run(serve(config))
    return 0


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    # Decoder threads of browsers that vanished may still be waiting; nothing is left to save.
    os._exit(status)
