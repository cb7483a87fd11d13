{{ config(unique_key=['shop_id']) }}

with changes as (
    {{ latest_changes('shops', key='shop_id') }}
),

renamed as (
    select
        shop_id,
        name,
        time_zone,
        currency,
        locale,
        tax_rate_bp,
        _seq,
        _load_id
    from changes
),

-- Every import writes its shop again; only a real change may touch all of the shop's history.
changed as (
    {%- if is_incremental() %}
    select renamed.*
    from renamed
    left join {{ this }} as known
        on
            renamed.shop_id = known.shop_id
            and renamed.name = known.name
            and renamed.time_zone = known.time_zone
            and renamed.currency = known.currency
            and renamed.locale = known.locale
            and renamed.tax_rate_bp = known.tax_rate_bp
    where known.shop_id is null
    {%- else %}
    select renamed.*
    from renamed
    {%- endif %}
),

final as (
    select
        changed.*,
        {{ build_id() }} as _build_id
    from changed
)

select * from final
