"""The four functions as a user of sagemaker-inference writes them: model_fn, input_fn, predict_fn, output_fn, one
picture at a time.

https://sagemaker.readthedocs.io/en/stable/frameworks/pytorch/using_pytorch.html#serve-a-pytorch-model
"""

import json
import os

import torch
from ordinary_net import load_classifier
from ordinary_pictures import read_picture

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def model_fn(model_dir):
    with open(os.path.join(model_dir, "index_to_name.json")) as file:
        names = json.load(file)
    return load_classifier(os.path.join(model_dir, "model.pth"), DEVICE), names


def input_fn(body, content_type):
    return read_picture(body).unsqueeze(0).to(DEVICE)


def predict_fn(picture, loaded):
    model, names = loaded
    with torch.inference_mode():
        values, indices = model(picture)[0].softmax(0).topk(5)
    return [
        {"label": names[str(index)], "probability": value}
        for index, value in zip(indices.tolist(), values.tolist(), strict=True)
    ]


def output_fn(predictions, accept):
    return json.dumps({"predictions": predictions})
