"""Hidden checks of `model`."""

from otter.test_files import test_case

from grader import expect

OK_FORMAT = False
name = "model"


@test_case(name="the answer counts the model's parameters", points=1, hidden=True)
def count(model, answer):
    if not hasattr(model, "parameters"):
        raise AssertionError("model: expected an nn.Module.")
    expect.number("answer", answer, sum(p.numel() for p in model.parameters()))
