"""What a command in an image prints."""

from local_test.host.labels import labels

IMAGES = ("train_image", "serve_image")  # fixtures


def output(engine, name, *command):
    return engine.containers.run(
        name, command[1:], entrypoint=command[0], remove=True, network_mode="none", labels=labels("tests", "contents")
    ).decode()
