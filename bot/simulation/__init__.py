"""A year of activity played through the real services, for the demonstration, the load tests and the bilans at scale. Everything in it is fictitious.

`plan` says how much and refuses a base that holds real people; `decor` sets a caisse up; `semaine` plays one week of it; `sondage` its survey;
`ecrits` what the caisse writes at the end; `faits` what is planted in the figures; `annee` leads.
Time is the year's own: each service is given its instant, no clock is touched.
The same seed gives the same figures (codes and pseudonyms stay drawn by the services: they count nothing).
"""
