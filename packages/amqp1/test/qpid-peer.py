"""A program that knows only AMQP 1.0, by Qpid Proton: `send` what stands on standard input, or `take` one message."""

import json
import sys

from proton import Message
from proton.utils import BlockingConnection

host, user, password, command, address = sys.argv[1:]
connection = BlockingConnection(f"amqp://{host}", timeout=10, user=user, password=password, allowed_mechs="PLAIN")

if command == "send":
    wanted = json.load(sys.stdin)
    message = Message(
        id=wanted["id"],
        body=wanted["body"].encode() if wanted["bytes"] else wanted["body"],
        inferred=wanted["bytes"],
        durable=True,
        group_id=wanted["key"],
        content_type=wanted["contentType"],
        properties=wanted["headers"],
    )
    connection.create_sender(address).send(message)
else:
    receiver = connection.create_receiver(address, credit=1)
    message = receiver.receive(timeout=10)
    receiver.accept()
    body = message.body
    print(
        json.dumps(
            {
                "id": message.id,
                "body": bytes(body).decode() if isinstance(body, (bytes, memoryview)) else body,
                "bytes": isinstance(body, (bytes, memoryview)),
                "durable": message.durable,
                "key": message.group_id,
                "contentType": message.content_type,
                "createdAt": message.creation_time,
                "headers": {str(name): value for name, value in message.properties.items()},
            }
        )
    )

connection.close()
