"""A program that knows only STOMP, by stomp.py: `send` the message on standard input, or `take` as many as it says."""

import base64
import json
import queue
import sys

import stomp

host, port, user, password, command, destination = sys.argv[1:]
# stomp.py decodes what it gets as UTF-8 unless it is told not to.
connection = stomp.StompConnection12([(host, int(port))], vhost="/", auto_decode=False)
messages = queue.Queue()
receipts = queue.Queue()


class Listener(stomp.ConnectionListener):
    def on_message(self, frame):
        messages.put(frame)

    def on_receipt(self, frame):
        receipts.put(frame)

    def on_error(self, frame):
        sys.exit(str(frame.headers))


connection.set_listener("", Listener())
connection.connect(user, password, wait=True)

if command == "send":
    wanted = json.load(sys.stdin)
    body = base64.b64decode(wanted["body"])
    headers = dict(wanted["headers"], persistent="true", receipt="sent")
    if wanted["bytes"]:
        headers["content-length"] = len(body)
    connection.auto_content_length = False
    connection.send(destination, body, content_type=wanted["contentType"], headers=headers)
    receipts.get(timeout=10)
else:
    connection.subscribe(destination, id="1", ack="client-individual")
    for number in range(int(sys.stdin.read())):
        frame = messages.get(timeout=10)
        connection.ack(frame.headers["ack"], receipt=f"acked-{number}")
        receipts.get(timeout=10)
        body = frame.body if isinstance(frame.body, bytes) else frame.body.encode()
        print(json.dumps({"headers": frame.headers, "body": base64.b64encode(body).decode()}))

connection.disconnect()
