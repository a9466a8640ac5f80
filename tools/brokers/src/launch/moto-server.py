# Started as a process of its own: `python moto-server.py <port> [host]`.
#
# It mends what would fail ordinary traffic in moto 5.2.5; to be looked at again with each new version.
import functools
import logging
import sys
import threading
import time
from types import FunctionType

from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.dynamodb import models as dynamodb
from moto.kinesis import models as kinesis
from moto.server import main
from moto.sqs import models as sqs

# One line of log a request costs more than most requests.
logging.getLogger("werkzeug").setLevel(logging.WARNING)
# Without this the server closes the connection after each answer, which AWS does not.
MotoRequestHandler.protocol_version = "HTTP/1.1"
MotoRequestHandler.disable_nagle_algorithm = True

# Each request has its thread, but moto guards its queues almost nowhere: a message sent while another
# is being deleted is lost, and two receives can take the same one. So: one request at a time.
changed = threading.Condition(threading.RLock())
receives = threading.local()


def one_at_a_time(method):
    @functools.wraps(method)
    def guarded(*args, **kwargs):
        with changed:
            # These call one another.
            before = getattr(receives, "now", None)
            try:
                return method(*args, **kwargs)
            finally:
                receives.now = before
                changed.notify_all()

    return guarded


def guard(backend, decorate):
    for name, method in list(vars(backend).items()):
        if isinstance(method, FunctionType) and not name.startswith("_"):
            setattr(backend, name, decorate(method))


guard(sqs.SQSBackend, one_at_a_time)

# Of two records put at once into one shard of Kinesis one is lost, and DynamoDB checks a condition before it writes.
alone = threading.RLock()


def alone_at_a_time(method):
    @functools.wraps(method)
    def guarded(*args, **kwargs):
        with alone:
            return method(*args, **kwargs)

    return guarded


guard(kinesis.KinesisBackend, alone_at_a_time)
guard(dynamodb.DynamoDBBackend, alone_at_a_time)


class LockedGroups:
    """The FIFO groups that a receive must leave alone.

    moto takes a set of them once, at the start. A long poll then never sees a group that is unlocked
    while it waits, and of a group whose visibility expired it delivers the last message first.
    """

    def __init__(self, queue):
        self.queue = queue
        self.look_again()

    def look_again(self):
        # While a receive goes through the queue its time stands still: a message that becomes visible
        # in between would be skipped, and the next one of its group delivered.
        receives.now = time.time() * 1000
        self.in_flight = set(self.queue._pending_messages)

    def __contains__(self, group):
        return any(
            message.group_id == group and not message.visible
            for message in self.in_flight & self.queue._pending_messages
        )

    def __deepcopy__(self, memo):
        return self


def locked_groups(queue):
    # Asked for again in the middle of a receive, when the time must still stand.
    if getattr(receives, "now", None) is None:
        receives.groups = LockedGroups(queue)
    return receives.groups


def wait_for_messages(queue, timeout):
    # The original returns at once while a group is locked, and so keeps a whole core busy. Nothing
    # wakes a poll when a visibility timeout runs out, hence the short wait.
    changed.wait(0.05)
    receives.groups.look_again()


sqs.Queue.pending_message_groups = property(locked_groups)
sqs.Queue.wait_for_messages = wait_for_messages
# Asked for every message of a queue at each request, in a way that is ten times as slow.
sqs.unix_time_millis = lambda: getattr(receives, "now", None) or time.time() * 1000

port, host = [*sys.argv[1:], "127.0.0.1"][:2]
main(["-H", host, "-p", port])
