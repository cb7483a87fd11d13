{#-
  The channel that brought a session, from its landing page and referrer. The first rule that fits wins:

  | channel | rule |
  |---|---|
  | paid search, paid social | a paid medium (cpc, ppc, paid...) or a click id, from a search engine or a social network |
  | display | medium display, banner, cpm; or paid from anywhere else |
  | affiliate | medium affiliate, partner |
  | email | medium or source e-mail, newsletter |
  | social | medium social; or source or referrer a social network |
  | organic search | medium organic; or source or referrer a search engine |
  | other campaign | any other campaign source or medium |
  | referral | any other site |
  | direct | nothing known, or the shop's own pages |

  A search engine or social network is recognised by a label of its host name ("google" in "google.co.uk").
-#}
{% macro channel(utm_source, utm_medium, referrer_host, page_host, search_click_id, social_click_id) -%}
    {%- set search = 'google|bing|duckduckgo|yahoo|ecosia|baidu|yandex|qwant|startpage|brave|kagi' -%}
    {%- set social = 'facebook|instagram|tiktok|pinterest|twitter|linkedin|reddit|youtube|threads|snapchat|whatsapp' -%}
    {%- set social_sources = social ~ '|fb|ig|x|meta|bluesky' -%}
    {%- set social_hosts = '^(t\\.co|x\\.com|fb\\.me|lnkd\\.in|youtu\\.be|pin\\.it|bsky\\.app)$' -%}
    {%- set ending = '\\.(com|net|org|[a-z]{2}|com?\\.[a-z]{2})$' -%}
    {%- set source = "lower(" ~ utm_source ~ ")" -%}
    {%- set medium = "lower(" ~ utm_medium ~ ")" -%}
    {%- set paid = matches(medium, '^(cpc|ppc|cpm|cpv|cpa|retargeting|paid.*)$') -%}
    {%- set host = "case when " ~ referrer_host ~ " is distinct from " ~ page_host ~ " then " ~ referrer_host ~ " end" -%}
    {%- set from_search -%}
        ({{ matches(source, '^(' ~ search ~ ')($|\\W)') }}
        or ({{ utm_source }} is null and {{ matches(host, '(^|\\.)(' ~ search ~ ')' ~ ending) }}))
    {%- endset -%}
    {%- set from_social -%}
        ({{ matches(source, '^(' ~ social_sources ~ ')($|\\W)') }}
        or ({{ utm_source }} is null and {{ matches(host, '(^|\\.)(' ~ social ~ ')' ~ ending ~ '|' ~ social_hosts) }}))
    {%- endset -%}
    case
        when {{ search_click_id }} is not null or ({{ paid }} and {{ from_search }}) then 'paid search'
        when {{ paid }} and {{ from_social }} then 'paid social'
        when {{ paid }} or {{ matches(medium, '^(display|banner|expandable|interstitial)$') }} then 'display'
        when {{ matches(medium, '^(affiliate|affiliates|partner)$') }} then 'affiliate'
        when {{ matches(medium, '^(e-?mail|newsletter)$') }} or {{ matches(source, '^(e-?mail|newsletter)$') }} then 'email'
        when {{ matches(medium, '^(social|social-network|social-media|sm)$') }} or {{ from_social }} then 'social'
        when {{ social_click_id }} is not null and {{ utm_source }} is null then 'social'
        when {{ matches(medium, '^organic$') }} or {{ from_search }} then 'organic search'
        when {{ utm_source }} is not null or ({{ utm_medium }} is not null and {{ medium }} <> 'referral') then 'other campaign'
        when {{ host }} is not null or {{ medium }} = 'referral' then 'referral'
        else 'direct'
    end
{%- endmacro %}

{#- Events that make a session engaged by themselves. -#}
{% macro is_key_event(event_name) -%}
    {{ event_name }} in ('{{ var("key_events") | join("', '") }}')
{%- endmacro %}
