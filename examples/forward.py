"""Forwards TCP, so that the way to a server can be cut where the server itself may not be killed.

usage: forward.py PORT SERVER_PORT    both of loopback; killed, it breaks each connection that it carries
"""
import asyncio
import sys

port, server_port = int(sys.argv[1]), int(sys.argv[2])


async def pour(source, sink):
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()


async def carry(client_in, client_out):
    try:
        server_in, server_out = await asyncio.open_connection("127.0.0.1", server_port)
    except OSError:
        client_out.close()
        return
    await asyncio.gather(pour(client_in, server_out), pour(server_in, client_out))


async def main():
    async with await asyncio.start_server(carry, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main())
