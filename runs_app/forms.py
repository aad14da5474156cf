"""Forms of the app."""

from django import forms


class SourceForm(forms.Form):
    """The address of a new source, and what to call it."""

    address = forms.CharField(
        label="Address",
        max_length=1024,
        error_messages={"required": "Give the address of a server, a database or a folder."},
        help_text="http://host:5000, sqlite:////path/mlflow.db, postgresql://user@host/name, or the path of an mlruns folder",
    )
    name = forms.CharField(
        label="Name", max_length=128, required=False, help_text="made from the address if empty"
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in self.errors if self.is_bound else ():
            self.mark_invalid(name)

    def refuse(self, message: str) -> None:
        """Say at the address what is wrong with it, and put the cursor there."""
        self.add_error("address", message)
        self.mark_invalid("address")

    def mark_invalid(self, name: str) -> None:
        """Tell assistive technology which field is wrong, and focus the first one."""
        if name in self.fields:
            marks = {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}
            is_first = not any("autofocus" in field.widget.attrs for field in self.fields.values())
            self.fields[name].widget.attrs.update(marks | ({"autofocus": True} if is_first else {}))
