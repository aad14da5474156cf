from django.db import migrations

from skills_app.migrations._text_search import create_text_search, drop_text_search


class Migration(migrations.Migration):
    dependencies = [("skills_app", "0003_skill_text")]

    operations = [migrations.RunPython(create_text_search, drop_text_search)]
