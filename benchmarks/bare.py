"""The least that a function of this kind can be: functions-framework, numpy and cv2. The cold start is compared with its."""
import cv2
import functions_framework
import numpy as np
from flask import Request


@functions_framework.http
def answer(request: Request) -> str:
    return f"numpy {np.__version__}, OpenCV {cv2.__version__}: {len(request.get_data())} bytes"
