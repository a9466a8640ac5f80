"""A program that knows only MQTT, by paho: `subscribe` a session, `send` what stands on standard input, `take` one message."""

import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

host, port, user, password, version, command, topic = sys.argv[1:]
is5 = version == "5"
connected: queue.Queue = queue.Queue()
subscribed: queue.Queue = queue.Queue()
found: queue.Queue = queue.Queue()

options = {"client_id": f"paho-{topic.replace('/', '-')}-{'send' if command == 'send' else 'take'}"}
if not is5:
    options["clean_session"] = False
client = mqtt.Client(
    mqtt.CallbackAPIVersion.VERSION2,
    protocol=mqtt.MQTTv5 if is5 else mqtt.MQTTv311,
    **options,
)
client.username_pw_set(user, password)
client.on_connect = lambda *_: connected.put(True)
client.on_subscribe = lambda *_: subscribed.put(True)
client.on_message = lambda _client, _data, message: found.put(message)

if is5:
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = 3600
    client.connect(host, int(port), clean_start=False, properties=session)
else:
    client.connect(host, int(port))
client.loop_start()
connected.get(timeout=10)

if command == "subscribe":
    client.subscribe(topic, qos=1)
    subscribed.get(timeout=10)
elif command == "send":
    wanted = json.load(sys.stdin)
    properties = None
    if is5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = wanted["contentType"]
        properties.UserProperty = list(wanted["headers"].items())
    client.publish(topic, wanted["body"].encode(), qos=1, properties=properties).wait_for_publish(10)
else:
    message = found.get(timeout=10)
    properties = message.properties
    print(
        json.dumps(
            {
                "body": message.payload.decode(),
                "contentType": getattr(properties, "ContentType", None),
                "headers": dict(getattr(properties, "UserProperty", [])),
            }
        )
    )

client.disconnect()
client.loop_stop()
