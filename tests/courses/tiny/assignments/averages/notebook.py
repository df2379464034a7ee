# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] name="title"
# # Averages

# %% name="setup" tags=["given"]
import torch
from grader.student import check


# %% name="mean-answer" tags=["exercise"]
def mean(values):
    """Return the mean of a vector."""
    raise NotImplementedError("Student exercise: the mean")


# %% name="mean-check" tags=["check"]
check("mean")

# %% name="model-answer" tags=["exercise"]
model = ...
answer = ...

# %% name="model-check" tags=["check"]
check("model")

# %% name="why-answer" tags=["exercise"]
word = ...

# %% name="why-check" tags=["check"]
check("why")

# %% [markdown] name="why-written" tags=["written"]
# *Your answer here.*
