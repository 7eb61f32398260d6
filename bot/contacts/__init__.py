"""The contact database: tables, migrations, sessions, retention. No HTTP, no Rasa; other rooms pass a Session in."""
