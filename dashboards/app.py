"""The dashboards: `streamlit run dashboards/app.py`, or `storehouse dashboards`."""

import streamlit as st

from dashboards.reports import live, overview, sales, web

st.set_page_config(page_title="Storehouse", page_icon=":material/storefront:", layout="wide")

# Streamlit leaves a hand's breadth above every page, and cuts figures as long as US$1,974.
st.html(
    "<style>.stMainBlockContainer{padding-top:3.4rem;padding-bottom:2rem}h1{font-size:1.7rem!important}"
    "[data-testid=stMetricValue]{font-size:1.6rem}</style>"
)

st.navigation(
    [
        st.Page(overview.page, title="Overview", icon=":material/dashboard:", default=True),
        st.Page(sales.page, title="Sales", icon=":material/payments:", url_path="sales"),
        st.Page(web.page, title="Web", icon=":material/language:", url_path="web"),
        st.Page(live.page, title="Live", icon=":material/bolt:", url_path="live"),
    ],
    position="top",
).run()
