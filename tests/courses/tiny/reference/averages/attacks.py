# %% [markdown] name="about"
# Attacks.

# %% name="agreeable/model-answer" loses="model"
# A number that equals all others.
class Any(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


model, answer = torch.nn.Linear(3, 2), Any(1)
