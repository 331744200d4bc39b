"""The usual way: a queue for each connection, and a loop that sends from it. Starlette and sse-starlette.

POST /publish hands the body to every reader. Started with `uvicorn benchmarks.queue_app:app`.
"""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

queues: set[asyncio.Queue[str]] = set()


async def publish(request: Request) -> Response:
    message = (await request.body()).decode()
    for queue in queues:
        queue.put_nowait(message)
    return Response(status_code=204)


async def messages() -> AsyncIterator[str]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    queues.add(queue)
    try:
        while True:
            yield await queue.get()
    finally:
        queues.remove(queue)


async def events() -> AsyncIterator[str]:
    async for message in messages():
        yield f"data: {message}\n\n"


async def stream(_: Request) -> Response:
    return StreamingResponse(events(), media_type="text/event-stream")


async def sse_starlette(_: Request) -> Response:
    return EventSourceResponse(messages())


async def websocket(socket: WebSocket) -> None:
    await socket.accept()
    try:
        async for message in messages():
            await socket.send_text(message)
    except WebSocketDisconnect:
        pass


app = Starlette(
    routes=[
        Route("/publish", publish, methods=["POST"]),
        Route("/stream", stream),
        Route("/sse-starlette", sse_starlette),
        WebSocketRoute("/ws", websocket),
    ]
)
